"""The Celery application. Tasks are thin: they take ids, call a service, and tolerate a missing row."""

from celery import Celery

app = Celery("nhipcau")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.set_default()  # threads of the web server send to this broker too
app.autodiscover_tasks()

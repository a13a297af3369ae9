"""Fields of technology."""

from django.db import models
from django.utils.translation import get_language


class Field(models.Model):
    """One of WIPO's 35 fields of technology. Source: data/fields.csv."""

    nr = models.PositiveSmallIntegerField(primary_key=True)
    sector_en = models.CharField(max_length=80)
    sector_vi = models.CharField(max_length=80)
    name_en = models.CharField(max_length=120)
    name_vi = models.CharField(max_length=120)

    class Meta:
        ordering = ["nr"]

    def __str__(self) -> str:
        return self.name_en if get_language() == "en" else self.name_vi

    @property
    def sector(self) -> str:
        """Give the name of the sector in the reader's language."""
        return self.sector_en if get_language() == "en" else self.sector_vi


class FieldIpc(models.Model):
    """An IPC prefix that belongs to a field (WIPO IPC-Technology Concordance). Source: data/field_ipc.csv."""

    field = models.ForeignKey(Field, on_delete=models.CASCADE, related_name="ipc_prefixes")
    prefix = models.CharField(max_length=20)

    class Meta:
        ordering = ["field", "prefix"]
        constraints = [models.UniqueConstraint(fields=["field", "prefix"], name="listings_fieldipc_once")]

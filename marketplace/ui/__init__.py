"""The components: template tags whose keyword arguments are the declared options.

`registry` holds the tag library and the checks of options; the other modules each hold a family of
components and register them. `marketplace.templatetags.ui` gathers them for the template engine.
"""

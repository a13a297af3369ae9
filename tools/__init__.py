"""Tools of the project that need no server: translations, fonts, licences."""

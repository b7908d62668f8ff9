"""Navigation, study picker, theme, text, tour: what every page shares."""

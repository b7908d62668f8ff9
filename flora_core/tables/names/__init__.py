"""Species names as people type and label them."""

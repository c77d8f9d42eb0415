"""The originals and their manifests: kept, read, checked, proved."""

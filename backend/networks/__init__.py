"""Deep networks: definitions, layers, scans, attribution, lesions and training."""

"""An edge ("CDN"): serves the files of published titles to whoever holds a signed URL."""

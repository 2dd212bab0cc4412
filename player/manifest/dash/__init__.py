"""MPDs (ISO/IEC 23009-1) read into the model, on a hardened lxml parser."""

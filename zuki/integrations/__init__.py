"""zuki beside other packages; each module needs an extra, which its error names."""

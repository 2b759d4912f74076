"""Reports as HTML, SVG, CSV and PDF."""

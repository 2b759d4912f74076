"""Reports for readers: evaluation, inspection and measurements as HTML, SVG, CSV and PDF."""

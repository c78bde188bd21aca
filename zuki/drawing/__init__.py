"""Pictures of graphs, from boxes and lines to SVG: no graph of zuki's is known here."""

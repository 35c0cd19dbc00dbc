"""Trial tables, frame planning, presentation, triggers and BIDS output; no Qt."""

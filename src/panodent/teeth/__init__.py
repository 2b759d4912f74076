"""The `Teeth` record: arrays, checks, masks, run lengths and outlines."""

"""Letters to customers as PDF, made from templates."""

"""The audit trail: who asked for which customer data, why, and what was served; written so that it cannot be forged."""

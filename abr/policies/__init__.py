"""The rate adaptation rules, one module each. Published ones cite their paper; ``planner`` is ours."""

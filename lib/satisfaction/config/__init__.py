"""What the company decides: the policy, its overrides and the questionnaires, typed and checked."""

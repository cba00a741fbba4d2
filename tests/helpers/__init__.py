"""What tests share: small sweeps and flows, slow oracles, comparisons, runs to be killed."""

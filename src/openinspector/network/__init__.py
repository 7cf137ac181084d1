"""Network Reachability's model: pure, static, exact.

`aws` reads the raw output of describe calls, `topology` joins it, `packet_filter` judges rules, `walk` moves one flow
(all ports at once) hop by hop, and `trace` answers questions in both directions. An answer is yes, no or not known.
"""

"""How well cheap proxies rank networks."""

"""What people read: the ledger of published networks, a network's sheet and diagram, rankings, the Pareto plot.

The modules return values, text or markup; printing and writing happen elsewhere. Import them one by one: ``pareto`` alone
needs plotly.
"""

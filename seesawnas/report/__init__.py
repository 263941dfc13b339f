"""What people read: the ledger of published networks, a network's sheet and diagram, rankings, plots, the report.

The modules return values, text or markup; printing and writing happen elsewhere. Import them one by one: those that draw
need plotly, ``trial_frame`` pandas, ``pages`` jinja2. What the dashboard and the report both say of a study they take from
``ranking``, ``notes``, ``pareto`` and ``figures``.
"""

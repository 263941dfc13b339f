"""What users read: published networks, summaries and diagrams, rankings, plots, the report.

The modules return values, text or markup; printing and writing happen elsewhere. Import them one by
one: those that draw need plotly, ``study.frame`` pandas, ``pages`` jinja2. ``network`` holds the
table of published networks, and the summary and diagram of a network; ``study`` holds rankings,
sentences and notes; ``plots`` draw them, ``pages`` put both together, and ``api`` and ``dashboard``
stand above all three.
"""

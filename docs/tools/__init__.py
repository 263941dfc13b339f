"""What makes and checks the documentation. No part of the installed package."""

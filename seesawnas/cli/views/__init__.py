"""What commands show: tables and progress."""

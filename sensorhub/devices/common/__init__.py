"""What several families share: samples without a number or a clock, written-down conversations."""

"""The support desk: who is calling, who may do what, and a second person where that is wise."""

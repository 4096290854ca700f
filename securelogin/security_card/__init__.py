"""The Online Security Code Card: 224 printed values, two of them asked at each sign-in."""

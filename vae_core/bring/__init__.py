"""Bringing models from elsewhere: from Python, from pythae, from ONNX files."""

"""The screen: everything that talks to Streamlit and the browser. Imports from vae_core, never the other way."""

"""A small Streamlit app to deploy: it asks for a number and shows how it falls to 1 (Collatz)."""
import os

import streamlit as st


def collatz(n):
    """The numbers from n down to 1: halve the even ones, three times the odd ones and one more."""
    numbers = [n]
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        numbers.append(n)
    return numbers


st.set_page_config(page_title="web-demo", page_icon="🪜")
st.title("How does it fall to 1?")
start = st.slider("Begin with", min_value=1, max_value=1000, value=27)
numbers = collatz(start)
st.line_chart(numbers)
left, right = st.columns(2)
left.metric("Steps", len(numbers) - 1)
right.metric("Highest", max(numbers))

# Secrets reach the app as variables, never as files of the image: see `secrets` in .deploy.yml.
st.caption("A key is " + ("there." if os.environ.get("OPENAI_API_KEY") else "not set, and not needed."))

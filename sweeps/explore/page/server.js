"use strict";
// Questions to the server that serves this page; its token is a part of the address of the page.
EQ.server = {
  url: (question, state, more = []) => {
    const values = new URLSearchParams(EQ.addressOf(state));
    for (const [key, value] of more) values.append(key, value);
    return `${question}?${values}`;
  },
  ask: async (question, state, more = [], signal = null) => {
    let response;
    try {
      response = await fetch(EQ.server.url(question, state, more), { signal });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Error("the server has ended: start equisweep explore again");
    }
    const type = response.headers.get("Content-Type") || "";
    if (!type.startsWith("application/json")) throw new Error(await response.text());
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error);
    return answer;
  },
  lives: true,
};
EQ.source = EQ.server;

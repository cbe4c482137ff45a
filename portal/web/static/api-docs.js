"use strict";
window.addEventListener("load", () => {
  SwaggerUIBundle({ url: "/api/openapi.json", dom_id: "#swagger", deepLinking: true, validatorUrl: null });
});

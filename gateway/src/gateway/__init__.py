"""The merged API document, its pages, health and error pages behind Traefik."""

# It had CMD ["api", "--verbose"] and no ENTRYPOINT.
FROM debian:stable-slim
COPY --from=envseal / /
COPY --chmod=0755 api /usr/local/bin/api
USER 65532:65532
CMD ["envseal", "--", "api", "--verbose"]

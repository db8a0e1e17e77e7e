# The image holds the program and what it loads: no shell, no package manager.
# docs/container.md says how to run it; scripts/container-test proves it.
FROM debian:trixie-slim AS build
WORKDIR /src
COPY scripts/ scripts/
RUN scripts/setup build
COPY . .
ARG REVISION=
RUN meson setup /build --buildtype=release -Db_lto=true -Dtests=false -Drevision="${REVISION}" --prefix=/usr --sysconfdir=/etc \
 && meson compile -C /build siptrunk_exporter \
 && scripts/image-root /build/exporter/siptrunk_exporter /image

FROM scratch
ARG VERSION=unknown
LABEL org.opencontainers.image.title="siptrunk_exporter" \
      org.opencontainers.image.description="Prometheus exporter that probes SIP trunks" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=build /image/ /
USER 65532:65532
EXPOSE 10060
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s --retries=3 \
  CMD ["/usr/bin/siptrunk_exporter", "--healthcheck"]
ENTRYPOINT ["/usr/bin/siptrunk_exporter"]
CMD ["--config.file=/etc/siptrunk_exporter/config.json"]

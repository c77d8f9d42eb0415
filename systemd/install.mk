# For the administrator of a server: install, upgrade (install again) and uninstall. The Makefile includes this file.
# With DESTDIR only files are laid down there, for a package; without it also the environment, the user and the folders.
# Data and configuration are never overwritten and never removed.

PREFIX ?= /opt/cluedrop
SYSCONFDIR ?= /etc
LIBDIR ?= /usr/local/lib
PYTHON ?= python3
UV_VERSION ?= 0.13.9

INSTALLED := daemon.py pyproject.toml uv.lock README.md CHANGELOG.md commands config connectors core docs formats \
             handlers spool systemd tests/golden
PLACE = $(DESTDIR)$(PREFIX)
CONFIGURATION = $(DESTDIR)$(SYSCONFDIR)/cluedrop/cluedrop.toml
UNIT = $(DESTDIR)$(LIBDIR)/systemd/system/cluedrop.service
SYSUSERS = $(DESTDIR)$(LIBDIR)/sysusers.d/cluedrop.conf
TMPFILES = $(DESTDIR)$(LIBDIR)/tmpfiles.d/cluedrop.conf
PARTNERS = $(DESTDIR)$(SYSCONFDIR)/ssh/sshd_config.d/cluedrop-partners.conf
BOOTED = test -z "$(DESTDIR)" && test -d /run/systemd/system

.PHONY: install install-files install-environment uninstall
install: install-files $(if $(DESTDIR),,install-environment) ## install or upgrade on this server (DESTDIR, PREFIX=/opt/cluedrop)

install-files:
	@install -d -m 755 "$(PLACE)" "$(dir $(UNIT))" "$(dir $(SYSUSERS))" "$(dir $(TMPFILES))" "$(dir $(CONFIGURATION))" \
	  "$(dir $(PARTNERS))"
	@# A module that the new version no longer has would still be found as a format: the old source goes first.
	@cd "$(PLACE)" && rm -rf $(INSTALLED)
	@git -c safe.directory="$(CURDIR)" ls-files -z -- $(INSTALLED) | xargs -0 cp --parents -t "$(PLACE)"
	@find "$(PLACE)" -path "$(PLACE)/.venv" -prune -o -exec chmod u=rwX,go=rX {} +
	@sed 's|/opt/cluedrop|$(PREFIX)|g; s|/etc/cluedrop|$(SYSCONFDIR)/cluedrop|g' systemd/cluedrop.service > "$(UNIT)"
	@install -m 644 systemd/cluedrop.sysusers.conf "$(SYSUSERS)"
	@install -m 644 systemd/cluedrop.tmpfiles.conf "$(TMPFILES)"
	@install -m 644 systemd/sshd_cluedrop_partners.conf "$(PARTNERS)"
	@chmod 644 "$(UNIT)"
	@if [ -e "$(CONFIGURATION)" ]; then \
	  echo "$(CONFIGURATION) stays as it is; compare it with $(PREFIX)/config/reference.toml."; \
	else \
	  sed 's|^root = .*|root = "/srv/cluedrop"|; s|^site = .*|&\n\n[folders]\nstate = "/var/lib/cluedrop"|' \
	    config/default.toml > "$(CONFIGURATION)"; \
	  chmod 640 "$(CONFIGURATION)"; \
	fi

install-environment: install-files
	@umask 022; [ -x "$(PREFIX)/.venv/bin/python" ] || $(PYTHON) -m venv "$(PREFIX)/.venv"
	@umask 022; "$(PREFIX)/.venv/bin/python" -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	@umask 022; cd "$(PREFIX)" && env -u VIRTUAL_ENV UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy \
	  .venv/bin/uv sync --quiet --frozen --inexact --no-dev
	@# The service cannot write here: compiled once, not at every start.
	@umask 022; cd "$(PREFIX)" && .venv/bin/python -m compileall -q $(wildcard $(filter-out %.py %.md %.toml %.lock tests/% docs,$(INSTALLED)))
	@systemd-sysusers "$(SYSUSERS)"
	@systemd-tmpfiles --create "$(TMPFILES)"
	@if $(BOOTED); then systemctl daemon-reload; fi
	@echo "Installed. Edit $(CONFIGURATION), then: systemctl enable --now cluedrop (after an upgrade: systemctl restart cluedrop)"

uninstall: ## remove the program from this server; data, configuration and users stay
	@if $(BOOTED); then systemctl disable --now cluedrop.service || true; fi
	@rm -f "$(UNIT)" "$(SYSUSERS)" "$(TMPFILES)" "$(PARTNERS)"
	@if [ -d "$(PLACE)" ]; then cd "$(PLACE)" && rm -rf $(INSTALLED) .venv && rmdir --ignore-fail-on-non-empty tests; fi
	@[ ! -d "$(PLACE)" ] || rmdir --ignore-fail-on-non-empty "$(PLACE)"
	@if $(BOOTED); then systemctl daemon-reload; fi
	@echo "Left in place: $(DESTDIR)$(SYSCONFDIR)/cluedrop, /srv/cluedrop, /var/lib/cluedrop and the user cluedrop."

# What .deb and .rpm do around their files; scripts/packages/package_scripts.py puts the calls behind it.
# VERSION, the package's, is set before.
root=/opt/openinspector-agent
settings=/etc/openinspector
state=/var/lib/openinspector-agent

has_systemd() { [ -d /run/systemd/system ]; }

release_of() { sed -n 's/.*"release": *\([0-9]*\).*/\1/p' "$root/$1/release.json" 2>/dev/null || true; }

# Where the agent updated itself to something newer than this package, that stays.
point_stable() {
    present=$(release_of stable)
    if [ -n "$present" ] && [ "$present" -gt "$(release_of "versions/$VERSION")" ]; then
        return
    fi
    ln -sfn "versions/$VERSION" "$root/.stable.new"
    mv -T "$root/.stable.new" "$root/stable"
}

# $1: first, or upgrade. An upgrade does not start an agent that was stopped on purpose.
after_install() {
    [ -e "$settings/agent.cfg" ] || cp -p "$settings/agent.cfg.orig" "$settings/agent.cfg"
    # dpkg calls it an upgrade when a removed package comes back, because it still has the package's settings.
    [ -L "$root/stable" ] || set -- first
    point_stable
    if [ "$1" = first ]; then
        enable_at_boot
    fi
    if has_systemd; then
        systemctl daemon-reload || true
        systemctl start openinspector-agent-update.timer || true
        systemctl "$(start_verb "$1")" openinspector-agent.service || true
    else
        /etc/init.d/openinspector-agent "$(start_verb "$1")" || true
    fi
}

# A host that is enrolled already, because an earlier installation kept its key, starts at once.
start_verb() {
    if [ "$1" = first ] && [ -e "$state/enrolment.json" ]; then echo start; else echo try-restart; fi
}

# At boot, whichever init system boots: an image may be made where none runs.
enable_at_boot() {
    if command -v systemctl >/dev/null 2>&1; then
        systemctl --quiet enable openinspector-agent.service openinspector-agent-update.timer || true
    fi
    if command -v update-rc.d >/dev/null 2>&1; then
        update-rc.d openinspector-agent defaults >/dev/null || true
    elif command -v chkconfig >/dev/null 2>&1; then
        chkconfig --add openinspector-agent || true
    fi
}

before_remove() {
    if command -v systemctl >/dev/null 2>&1; then
        if has_systemd; then
            systemctl stop openinspector-agent-update.timer openinspector-agent-update.service \
                openinspector-agent-experiment.service openinspector-agent.service || true
        fi
        systemctl --quiet disable openinspector-agent.service openinspector-agent-update.timer || true
    fi
    if ! has_systemd; then
        /etc/init.d/openinspector-agent stop || true
        if command -v chkconfig >/dev/null 2>&1; then
            chkconfig --del openinspector-agent || true
        fi
    fi
}

# The versions that updates brought, and the links; the package's own files are gone by now.
after_remove() {
    rm -rf "$root"
    rm -f /run/openinspector-agent.pid /run/openinspector-install.lock
    # When systemd last ran the timer (Persistent=).
    rm -f /var/lib/systemd/timers/stamp-openinspector-agent-update.timer
    if has_systemd; then
        systemctl daemon-reload || true
    fi
}

# Keys, spool, log and choices: what only --purge takes.
after_purge() {
    rm -rf "$state" /var/log/openinspector-agent
    # The service may keep settings of its own in the same folder.
    rm -f "$settings/agent.cfg" "$settings/agent.env" "$settings/install.cfg" "$settings/ca.pem"
    rmdir "$settings" 2>/dev/null || true
    if command -v update-rc.d >/dev/null 2>&1; then
        update-rc.d openinspector-agent remove >/dev/null || true
    fi
}

from openinspector.agent.registry import sensors, sensors_of_run
from openinspector.model.system_family import SystemFamily


def test_every_specified_sensor_exists() -> None:
    assert {
        "accounts",
        "apk",
        "connections",
        "dpkg",
        "firewall",
        "instance_metadata",
        "kernel",
        "kernel_modules",
        "kernel_parameters",
        "listening_ports",
        "login_definitions",
        "mounts",
        "name_resolution",
        "network_interfaces",
        "npm",
        "os_release",
        "pacman",
        "pam",
        "password_quality",
        "performance",
        "processes",
        "processor_features",
        "pypi",
        "rpm",
        "sshd_configuration",
        "system_directories",
        "systemd_units",
        "terminals",
        "time_state",
        "windows_hotfixes",
        "windows_os",
        "windows_registry",
        "windows_security_policy",
        "windows_software",
        "windows_users",
    } <= set(sensors())


def test_run_collects_the_inventory_of_the_operating_system() -> None:
    on_linux = sensors_of_run(sensors().values(), (), SystemFamily.LINUX)
    on_windows = sensors_of_run(sensors().values(), (), SystemFamily.WINDOWS)
    assert {"os_release", "processes", "instance_metadata"} <= set(on_linux)
    assert {name for name in sensors() if name.startswith("windows_")} <= set(on_windows)
    assert set(on_linux) & set(on_windows) == {"instance_metadata"}


def test_run_collects_only_on_demand_sensors_its_rules_read() -> None:
    inventory = sensors_of_run(sensors().values(), (), SystemFamily.LINUX)
    assert "dpkg" not in inventory
    assert sensors_of_run(sensors().values(), ("dpkg",), SystemFamily.LINUX) == tuple(sorted({*inventory, "dpkg"}))

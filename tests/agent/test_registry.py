from openinspector.agent.registry import sensors


def test_every_sensor_the_specification_names_is_there() -> None:
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
        "os_release",
        "pam",
        "password_quality",
        "performance",
        "processes",
        "processor_features",
        "rpm",
        "sshd_configuration",
        "system_directories",
        "systemd_units",
        "terminals",
        "time_state",
    } <= set(sensors())

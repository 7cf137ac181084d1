from openinspector.agent.registry import sensors


def test_every_sensor_the_specification_names_is_there() -> None:
    assert list(sensors()) == [
        "accounts",
        "apk",
        "dpkg",
        "instance_metadata",
        "kernel",
        "kernel_parameters",
        "listening_ports",
        "login_definitions",
        "network_interfaces",
        "os_release",
        "pam",
        "password_quality",
        "processor_features",
        "rpm",
        "sshd_configuration",
        "system_directories",
        "windows_hotfixes",
        "windows_os",
        "windows_registry",
        "windows_security_policy",
        "windows_software",
    ]

"""Which users we trust with files that decide what runs and where codes go: the whole rule and its messages.

A file is trusted when only its owner, who is the user or root, can change it, and when the same holds for every folder
and every symbolic link that leads to it. A group may write when it is the owner's private one, with no other member.
`files` accepts by itself what is clearly safe; everything else comes here. Root also trusts one other user: the owner
of the home folder, the caller of sudo, or the owner of the credentials file.

Not checked: the folders in MFASESSION_TRUSTED_FOLDERS, and Windows' drives in WSL, which keep no modes unless they are
mounted with `metadata` (Microsoft, "File permissions for WSL").
"""

import os
import stat

from mfasession.errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

TRUSTED_FOLDERS = "MFASESSION_TRUSTED_FOLDERS"
"""The variable that lists folders, colon-separated, in which owners and modes are not checked."""
MODELESS = ("vfat", "msdos", "exfat", "ntfs", "ntfs3", "fuseblk", "cifs", "smb3", "9p", "drvfs")
"""File systems that keep no modes, or only with an option; FUSE ones may do so, too."""

_MOST_LINKS = 40
"""The most symbolic links that Linux follows (path_resolution(7))."""
_ACL = "system.posix_acl_access"
_ACL_HEAD, _ACL_USER, _ACL_GROUP, _ACL_MASK, _ACL_WRITE = 4, 0x02, 0x08, 0x10, 2
"""Linux, include/uapi/linux/posix_acl_xattr.h and posix_acl.h."""
_BY_LIST = -1
"""Instead of mode bits: an access control list lets others write."""


def check(path: str, status: os.stat_result, *, is_private: bool) -> None:
    """Raise ConfigurationError unless the opened file is trusted; the hint fixes it.

    `status` is the opened file's. `is_private`: others may not read it either.
    """
    rule = _Rule()
    last = rule.check_way(path)
    rule.refuse(last, rule.fault_of_file(path, last, status, is_private=is_private))


def check_there(path: str) -> None:
    """Raise ConfigurationError unless the file or folder at a path, with all its content, is trusted.

    Links to other folders are followed.
    """
    if os.path.isfile(path):
        check(path, os.stat(path), is_private=False)
        return
    seen: set[str] = set()
    for folder, folders, names in os.walk(path, followlinks=True):
        check_folders(folder)
        if (real := os.path.realpath(folder)) in seen:
            # Links may form a loop.
            folders.clear()
            continue
        seen.add(real)
        for name in names:
            place = os.path.join(folder, name)
            if os.path.isfile(place):
                check(place, os.stat(place), is_private=False)


def check_folders(path: str) -> None:
    """Raise ConfigurationError unless every existing folder and link that leads to a path is trusted."""
    _Rule().check_way(path)


def is_exempt(path: str) -> bool:
    """Return whether the modes at a path are not checked, so that setting them may fail."""
    return _Rule().is_exempt(os.path.realpath(path))


class _Rule:
    """The rule, for one process."""

    def __init__(self) -> None:
        self._us = os.geteuid()
        self._owners = {self._us, 0}
        if self._us == 0:
            self._owners |= _served_by_root()

    def check_way(self, path: str) -> str:
        """Check the folders and links that lead to a path; return the path without links, as far as there is one."""
        place = "/"
        for place, status in _led_through(path):
            if stat.S_ISLNK(status.st_mode):
                self.refuse(place, self._fault_of_link(path, place, status))
            elif stat.S_ISDIR(status.st_mode):
                self.refuse(place, self._fault_of_folder(path, place, status))
        return place

    def refuse(self, place: str, fault: ConfigurationError | None) -> None:
        """Raise a fault unless the place, a path without links, is exempt."""
        if fault is not None and not self.is_exempt(place):
            raise _with_way_out(place, fault)

    def is_exempt(self, place: str) -> bool:
        """Return whether a place, a path without links, is exempt from the check."""
        named = [folder for folder in os.environ.get(TRUSTED_FOLDERS, "").split(":") if folder]
        if not all(folder.startswith("/") for folder in named):
            raise ConfigurationError(
                f"{TRUSTED_FOLDERS} must list absolute paths, separated by colons", f"unset {TRUSTED_FOLDERS}"
            )
        return any(_is_below(place, os.path.realpath(folder)) for folder in named) or is_windows_drive(place)

    def fault_of_file(
        self, path: str, place: str, status: os.stat_result, *, is_private: bool
    ) -> ConfigurationError | None:
        """Return the fault of the file itself, if any."""
        if is_private and status.st_mode & 0o077:
            return ConfigurationError(f"{path} is open to other users", f"chmod 600 {_quoted(path)}")
        if writers := self._writers(place, status):
            return _writable(path, writers, f"{path} can be changed by other users")
        if status.st_uid not in self._owners:
            return self._foreign(path, f"{path} belongs to another user")
        return None

    def _fault_of_link(self, path: str, place: str, status: os.stat_result) -> ConfigurationError | None:
        if status.st_uid in self._owners:
            return None
        return self._foreign(place, f"{path} is not safe: the link {place} belongs to another user", "-h ")

    def _fault_of_folder(self, path: str, place: str, status: os.stat_result) -> ConfigurationError | None:
        if status.st_uid not in self._owners and not _is_unmapped(status.st_uid):
            return self._foreign(place, f"{path} is not safe: {place} belongs to another user")
        # In a sticky folder users change only their own files, and the owner of the next part is checked later.
        if not status.st_mode & stat.S_ISVTX and (writers := self._writers(place, status)):
            return _writable(place, writers, f"{path} is not safe: other users can write in {place}")
        return None

    def _writers(self, place: str, status: os.stat_result) -> int:
        """Return the mode bits that let others write, or _BY_LIST; 0 when others cannot write."""
        others = status.st_mode & stat.S_IWOTH
        if not status.st_mode & stat.S_IWGRP:
            # With an access control list these bits are its mask (acl(5)).
            return others
        if _listed_writers(place) - self._owners:
            return _BY_LIST
        return others if self._is_private_group(status) else others | stat.S_IWGRP

    def _is_private_group(self, status: os.stat_result) -> bool:
        """Whether only the owner and root are in the file's group."""
        import grp
        import pwd

        owner = status.st_uid or self._us
        try:
            user = pwd.getpwuid(owner)
            name, primary = user.pw_name, user.pw_gid
        except KeyError:
            name, primary = "", os.getegid() if owner == self._us else -1
        try:
            group = grp.getgrgid(status.st_gid)
            title, members = group.gr_name, set(group.gr_mem)
        except KeyError:
            title, members = "", set()
        if members - {name, "root"}:
            return False
        if status.st_gid == 0:
            return True
        # A group of all users, such as `users` or a directory's "domain users", has no listed members either: a private
        # group has its user's name or number, and is not the primary group of another user.
        if status.st_gid != primary or (title != name and status.st_gid != owner):
            return False
        return not any(each.pw_gid == primary and each.pw_uid != owner for each in pwd.getpwall())

    def _foreign(self, place: str, message: str, flag: str = "") -> ConfigurationError:
        who = "chown {}root {}" if self._us == 0 else 'sudo chown {}"$USER" {}'
        return ConfigurationError(message, who.format(flag, _quoted(place)))


def _led_through(path: str) -> "Iterator[tuple[str, os.stat_result]]":
    """Yield every folder and link from the root on, as the kernel resolves a path, and finally the file."""
    at, links = "/", 0
    yield at, os.lstat(at)
    # The current folder may be gone, and only a relative path needs it.
    rest = _parts(path if path.startswith("/") else os.path.join(os.getcwd(), path))
    while rest:
        name = rest.pop()
        if name == "..":
            at = os.path.dirname(at)
            continue
        place = os.path.join(at, name)
        try:
            status = os.lstat(place)
        except (FileNotFoundError, NotADirectoryError):
            return
        yield place, status
        if not stat.S_ISLNK(status.st_mode):
            at = place
            continue
        links += 1
        if links > _MOST_LINKS:
            return
        target = os.readlink(place)
        at = "/" if target.startswith("/") else at
        rest += _parts(target)


def _parts(path: str) -> list[str]:
    """The parts of a path, the first one last."""
    return [part for part in reversed(path.split("/")) if part not in ("", ".")]


def _served_by_root() -> set[int]:
    """Return the users whose files root may use: those files decide only about what is theirs."""
    environ = os.environ
    home = os.path.expanduser("~")
    credentials = environ.get("AWS_SHARED_CREDENTIALS_FILE") or os.path.join(home, ".aws", "credentials")
    found = {int(environ["SUDO_UID"])} if environ.get("SUDO_UID", "").isdecimal() else set()
    for path in (home, os.path.expanduser(credentials)):
        try:
            found.add(os.stat(path).st_uid)
        except OSError:
            continue
    return found


def _is_unmapped(user: int) -> bool:
    """Whether this is the number of all users who are unknown in the user namespace, the real root included."""
    try:
        with open("/proc/sys/kernel/overflowuid", encoding="ascii") as file:
            if int(file.read()) != user:
                return False
        with open("/proc/self/uid_map", encoding="ascii") as file:
            ranges = [[int(word) for word in line.split()] for line in file]
    except (OSError, ValueError):
        return False
    return not any(first <= user < first + count for first, _, count in ranges)


def _writable(place: str, writers: int, message: str) -> ConfigurationError:
    if writers == _BY_LIST:
        return ConfigurationError(f"{message} (its access control list)", f"setfacl -b {_quoted(place)}")
    who = {stat.S_IWGRP: "g", stat.S_IWOTH: "o"}.get(writers, "go")
    return ConfigurationError(message, f"chmod {who}-w {_quoted(place)}")


def _with_way_out(place: str, fault: ConfigurationError) -> ConfigurationError:
    """Add to the hint what to do on a file system that may keep no modes."""
    kind, _, mounted = _mount_of(place)
    if kind in MODELESS or kind.startswith("fuse."):
        folder = place if os.path.isdir(place) and place != mounted else os.path.dirname(place)
        before = f'"${TRUSTED_FOLDERS}":' if os.environ.get(TRUSTED_FOLDERS) else ""
        fault.hint += f"; if {kind} keeps no modes and no one else uses it: "
        fault.hint += f"export {TRUSTED_FOLDERS}={before}{_quoted(mounted if place == mounted else folder)}"
    return fault


def _listed_writers(place: str) -> set[int]:
    """Return the users whom an access control list lets write, besides owner and group; -1 for any group."""
    from struct import error, iter_unpack

    try:
        content = os.getxattr(place, _ACL)
        entries = list(iter_unpack("<HHI", content[_ACL_HEAD:]))
    except (AttributeError, OSError, error):
        # Not Linux, no list, or a file system without them.
        return set()
    mask = next((rights for tag, rights, _ in entries if tag == _ACL_MASK), _ACL_WRITE)
    writers = [(tag, who) for tag, rights, who in entries if rights & mask & _ACL_WRITE]
    return {who if tag == _ACL_USER else -1 for tag, who in writers if tag in (_ACL_USER, _ACL_GROUP)}


def is_windows_drive(place: str, table: str = "/proc/self/mountinfo") -> bool:
    """Return whether a place in WSL is on a Windows drive without `metadata`, where Windows decides about access."""
    kind, options, _ = _mount_of(place, table)
    words = options.replace(";", ",").split(",")
    return (kind == "drvfs" or (kind == "9p" and "aname=drvfs" in words)) and "metadata" not in words


def _mount_of(place: str, table: str = "/proc/self/mountinfo") -> tuple[str, str, str]:
    """Return the file system of a path without links: its type, its options and where it is mounted (proc(5))."""
    found = ("", "", "")
    try:
        with open(table, encoding="utf-8", errors="surrogateescape") as lines:
            for line in lines:
                before, _, behind = line.rstrip("\n").partition(" - ")
                mounted = _unescaped(before.split(" ")[4])
                # Of two mounts at one place, the last hides the first.
                if _is_below(place, mounted) and len(mounted) >= len(found[2]):
                    kind, _, options = behind.split(" ", 2)
                    found = kind, options, mounted
    except (OSError, ValueError, IndexError):
        return "", "", ""
    return found


def _unescaped(field: str) -> str:
    for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        field = field.replace(code, char)
    return field


def _is_below(place: str, folder: str) -> bool:
    return place == folder or place.startswith(folder.rstrip("/") + "/")


def _quoted(path: str) -> str:
    from shlex import quote

    return quote(path)

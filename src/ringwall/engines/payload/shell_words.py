"""Names of programs, by what they can do to a machine: vocabulary of the shell grammar, never a verdict alone.

Sources: POSIX.1-2024 utilities, GNU coreutils and util-linux, the Linux man pages, Microsoft's command reference.
"""

from __future__ import annotations

from ringwall.engines.payload.vocabulary import words

# Programs whose names are no English words: after a shell operator they can only be meant as commands.
PLAIN = words(
    """
    ls id whoami uname ifconfig ipconfig netstat nslookup wget curl ncat nc netcat telnet ssh scp sftp rsync
    tftp awk gawk mawk sed grep egrep fgrep zgrep chmod chown chgrp mkdir rmdir rm mv cp ln ps pwd env printenv
    sudo su passwd useradd usermod groupadd crontab dpkg apt apt-get yum dnf rpm pip npm tar gzip gunzip bzip2
    xz unzip zcat bzcat xzcat tac nl od xxd hexdump base64 base32 rev wc tr xargs mktemp mkfifo mknod lsof lscpu
    lsblk lspci dmesg fdisk mount umount df du hostnamectl systemctl journalctl service uptime finger traceroute
    tracert arp iptables ip6tables nmap tcpdump dig perl python python2 python3 ruby php node lua tclsh gcc g++
    cc gdb vi vim nano ed ex sysinfo getent bash sh zsh ksh dash csh tcsh ash fish busybox rbash cmd cmd.exe
    powershell powershell.exe pwsh tasklist taskkill systeminfo schtasks wmic regsvr32 rundll32 certutil
    bitsadmin mshta cscript wscript netsh msiexec icacls cacls attrib xcopy robocopy findstr ping ping6 printf
    phpinfo() strace ltrace lastlog htop openssl socat screen tmux killall pkill pgrep nohup setsid chroot
    insmod modprobe lsmod reboot poweroff lsb_release ifdown ifup sysctl docker podman kubectl gcloud mysql
    mysqldump psql pg_dump sqlite3 mongosh redis-cli gpg ssh-keygen ssh-add jq zsh egrep umask readlink dirname
    basename ldconfig ldd objdump gdb pstree vmstat iostat blkid losetup mkfs iwconfig ethtool getfacl setfacl
    visudo chpasswd gpasswd dscl launchctl osascript pbpaste iwr iex irm gci gwmi nltest dsquery vssadmin
    bcdedit wevtutil installutil regedit qwinsta takeown setx driverquery cmdkey quser whois xdg-open chattr
    expr md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum cksum getconf renice tput uudecode uuencode
    cpio unshare nsenter runuser doas pkexec ionice taskset nawk rlogin rsh smbclient showmount rpcinfo snmpwalk
    ldapsearch sshpass tshark arping fping numfmt shuf tsort realpath stdbuf csplit dircolors chcon mcookie
    findmnt fallocate setpriv prlimit swapon lsns utmpdump wipefs
    lsattr loginctl seq mvn dotnet rustc tclsh wish whoami.exe ipconfig.exe
    """
)

# Programs whose names are English words too: they need arguments that only a command line has.
WORDS = words(
    """
    cat tail head more less find sort cut join split paste sleep echo type dir del copy move ren date time test
    touch who last w watch which whereis locate make install write wall mail mailx sendmail host hostname
    strings tee expand fold look man set export eval exec source alias kill trap ulimit dd at batch cal cd clear
    column diff cmp file comm net reg start call ver vol tree assoc format query shutdown halt init sc route git
    make go cargo gem brew conda at.exe reg.exe ftp cu ul aws az helm cipher csc terraform ansible pip3 rake
    tclsh node stat java rustup open msg defaults ver composer bundle gradle factor net1 uniq shred truncate
    zip bc dc pr fmt nm patch strip link unlink truncate install sync factor
    timeout nice ip users groups arch nproc free top dump rmt true false logname tty stty logger history read
    yes . command
    """
)

SHELLS = words(
    """
    bash sh zsh ksh dash csh tcsh ash cmd cmd.exe powershell powershell.exe pwsh busybox shell
    """
)
INTERPRETERS = words("perl python python2 python3 ruby php node lua tclsh awk gawk")
FETCHERS = words("wget curl nc ncat netcat telnet ftp tftp socat lynx fetch certutil bitsadmin")
READERS = words(
    """
    cat tac tail head more less type dir ls cd nl od xxd strings grep cp mv rm vi vim nano
    """
)

# Commands that run the command after them (POSIX.1-2024); the commands of Windows' `net`.
PREFIXES = words("exec eval time env sudo nohup command watch xargs nice timeout source . sh bash")
# Programs whose first argument names what they do: the pair is a command, whatever follows.
PAIRS = {
    "net": words("user use view localgroup group share start stop accounts config session file"),
    "sc": words("query create start stop delete config qc"),
    "reg": words("query add delete save export import"),
    "query": words("user session process termserver"),
    "git": words("clone pull push init config"),
    "ip": words("a addr route link neigh"),
    "apt": words("install update remove"),
    "go": words("run get build install"),
    "make": words("install all clean"),
    "defaults": words("read write delete"),
    "msg": words("*"),
    "cmdkey": words("/list /add"),
    "aws": words("s3 ec2 sts iam configure lambda"),
    "az": words("login account vm storage"),
    "terraform": words("apply destroy plan init"),
    "composer": words("require install update"),
    "bundle": words("exec install"),
    "mvn": words("package install clean"),
    "gradle": words("build run"),
    "cargo": words("build run install"),
}

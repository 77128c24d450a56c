# Run inside a container: prints what the container is given, a line each, with the parts that differ from one container to the next left out.
for field in CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp Seccomp_filters Umask Uid Gid Groups; do
    grep "^$field:" /proc/self/status | tr -s '\t ' ' '
done
for name in oom_score_adj timerslack_ns coredump_filter; do echo "$name $(cat /proc/self/$name 2>&1)"; done
sed 's/  */ /g; s/^/limit /' /proc/self/limits
for name in cgroup ipc mnt net pid pid_for_children time user uts; do echo "namespace $name $(readlink /proc/self/ns/$name)"; done
# Where, flags, propagation, kind, source, options; not the root, whose driver is the engine's business, nor the engine's own files.
awk '$5 != "/" { for (i = 7; $i != "-"; i++) ; print "mount", $5, $6, (i > 7 ? $7 : "-"), $(i + 1), ($5 ~ "^/etc/|^/probe|^/facts" ? "-" : $(i + 2) " " $(i + 3)) }' /proc/self/mountinfo | sed 's/shared:[0-9]*/shared/; s/master:[0-9]*/master/'
cut -d: -f2- /proc/self/cgroup | sed 's/\/.*[0-9a-f]\{64\}/ID/; s/^/cgroup /'
ls -ln /dev /dev/ | awk '/^[a-z]/ { $2 = $8 = $7 = ""; sub(/ [A-Z][a-z][a-z] /, " "); sub(/ [0-9][0-9]:[0-9][0-9] /, " "); print "device", $0 }' | tr -s ' ' | sort -u
ls -l /proc/self/fd | awk 'NF > 8 { sub(/\[[0-9]*\]/, "", $NF); print "descriptor", $9, $NF }' | grep -v /proc/
for path in net/ipv4/ip_unprivileged_port_start net/ipv4/ping_group_range net/ipv4/ip_forward net/ipv6/conf/all/disable_ipv6 net/ipv6/conf/lo/disable_ipv6 \
    kernel/shmmax kernel/shmall kernel/msgmax kernel/sem kernel/domainname fs/mqueue/queues_max vm/overcommit_memory; do
    echo "sysctl $path $(cat /proc/sys/$path 2>&1)"
done
for path in /proc/acpi /proc/asound /proc/bus /proc/fs /proc/interrupts /proc/irq /proc/kcore /proc/keys /proc/latency_stats /proc/sched_debug /proc/scsi /proc/sys /proc/sysrq-trigger \
    /proc/timer_list /proc/timer_stats /sys/devices/virtual/powercap /sys/firmware /proc/kallsyms /proc/kmsg /sys/kernel/debug /sys/kernel/security /sys/kernel/tracing; do
    echo "path $path $(stat -c '%F %a %t:%T' $path 2>/dev/null) $(ls $path 2>/dev/null | wc -l) $(head -c 1 $path 2>/dev/null | wc -c)"
done
for path in /proc/sys/kernel/domainname /proc/sysrq-trigger /proc/irq/default_smp_affinity /sys/kernel/uevent_helper /sys/kernel/mm/transparent_hugepage/enabled; do
    (true >>$path) 2>/dev/null && echo "open for writing $path"
done
env | sed 's/^HOSTNAME=.*/HOSTNAME/; s/^/variable /' | sort
echo "directory $(pwd)"

# A DNS server on loopback that does what the test says, also what no sound one
# does: silence, late answers, errors, lies, truncation.
#
#	my $dns = FakeDNS->start($lab, sub { my ($name, $type, $mode) = @_; return {...} });
#	$dns->{port}; $dns->mode('dead'); $dns->questions;
#
# The handler gets the name in lower case, the type as text and the mode last set,
# and returns a hash: a => [addresses], txt => text, rcode => N, silent => 1,
# cut => 1 (truncated on UDP; whole on TCP, unless tcp => 'dead'), garbage => 1,
# delay => seconds; undef means NXDOMAIN.
package FakeDNS;

use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Socket qw(inet_aton);
use Time::HiRes qw(time);

my %TYPE = (1 => 'A', 12 => 'PTR', 15 => 'MX', 16 => 'TXT', 28 => 'AAAA');

sub start {
	my ($class, $lab, $handler) = @_;
	my ($udp, $tcp);
	for (1 .. 50) {
		$udp = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1', LocalPort => 0)
			or die "no DNS socket: $!";
		$tcp = IO::Socket::INET->new(Listen => 16, LocalAddr => '127.0.0.1', LocalPort => $udp->sockport) and last;
	}
	die "no DNS socket: $!" unless $tcp;
	my $self = bless { lab => $lab, udp => $udp, tcp => $tcp, port => $udp->sockport, handler => $handler,
		mode_file => "$lab->{dir}/dns.mode", log_file => "$lab->{dir}/dns.log" }, $class;
	$self->mode('');
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		POSIX::setsid();
		eval { $self->serve };
		print STDERR $@ if $@;
		POSIX::_exit(1);
	}
	$lab->{pids}{"dns$self->{port}"} = $pid;
	close $udp;
	close $tcp;
	return $self;
}

sub mode {
	my ($self, $mode) = @_;
	$self->{lab}->write_file("$self->{mode_file}.new", $mode);
	rename "$self->{mode_file}.new", $self->{mode_file} or die "rename: $!";
}

# All questions so far, "TYPE name" each.
sub questions { my ($self) = @_; return split /\n/, $self->{lab}->slurp($self->{log_file}) }

sub serve {
	my ($self) = @_;
	my ($udp, $tcp) = @$self{qw(udp tcp)};
	my $select = IO::Select->new($udp, $tcp);
	my @late; # [when, packet, peer]
	open my $log, '>>', $self->{log_file} or die;
	$log->autoflush(1);
	for (;;) {
		my ($next) = sort { $a <=> $b } map { $_->[0] } @late;
		my $wait = defined $next ? $next - time : 10;
		for my $ready ($select->can_read($wait > 0 ? $wait : 0)) {
			if ($ready != $udp) { $self->serve_tcp($select, $ready, $log); next }
			my $peer = recv $udp, my $packet, 2000, 0;
			my ($answer, $delay) = $self->answer($packet, $log) if defined $peer;
			push @late, [ time + ($delay || 0), $answer, $peer ] if defined $answer;
		}
		my $now = time;
		send $udp, $_->[1], 0, $_->[2] for grep { $_->[0] <= $now } @late;
		@late = grep { $_->[0] > $now } @late;
	}
}

# A question on TCP is answered whole, at once.
sub serve_tcp {
	my ($self, $select, $ready, $log) = @_;
	if ($ready == $self->{tcp}) {
		my $peer = $ready->accept or return;
		$select->add($peer);
		return;
	}
	my $n = sysread $ready, my $packet, 2000;
	my ($answer) = $n && $n > 2 ? $self->answer(substr($packet, 2), $log, 1) : ();
	if (defined $answer) { syswrite $ready, pack('n', length $answer) . $answer; return }
	$select->remove($ready);
	close $ready;
}

sub answer {
	my ($self, $packet, $log, $whole) = @_;
	return if length $packet < 17;
	my ($id, $flags) = unpack 'nn', $packet;
	my ($at, @labels) = (12);
	while (my $len = ord substr($packet, $at, 1)) {
		push @labels, lc substr($packet, $at + 1, $len);
		$at += $len + 1;
		return if $at >= length $packet;
	}
	my $question = substr($packet, 12, $at + 5 - 12);
	my $type = $TYPE{ unpack 'n', substr($packet, $at + 1, 2) } || '?';
	my $name = join '.', @labels;
	print $log $whole ? "TCP $type $name\n" : "$type $name\n";
	my $r = $self->{handler}->($name, $type, $self->{lab}->slurp($self->{mode_file}));
	return if $r && ($r->{silent} || $whole && ($r->{tcp} // '') eq 'dead');
	return ("\xff" x 40, $r->{delay}) if $r && $r->{garbage};
	my @data = !$r ? () : $type eq 'A' ? map { inet_aton($_) } @{ $r->{a} || [] }
		: $type eq 'TXT' && defined $r->{txt} ? chr(length $r->{txt}) . $r->{txt} : ();
	my $rcode = $r ? $r->{rcode} || 0 : 3;
	my $cut = $r && $r->{cut} && !$whole;
	@data = () if $cut;
	my $number = { reverse %TYPE }->{$type} || 0;
	my $head = pack 'n6', $id, 0x8400 | ($flags & 0x0100) | ($cut ? 0x0200 : 0) | $rcode, 1, scalar @data, 0, 0;
	my $records = join '', map { pack('n3Nn', 0xc00c, $number, 1, $r->{ttl} // 1, length) . $_ } @data;
	return ($head . $question . $records, $r ? $r->{delay} : 0);
}

1;

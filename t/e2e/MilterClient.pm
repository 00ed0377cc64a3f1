# The MTA's side of the milter protocol (version 6), for tests that need what no
# real MTA does: broken order, odd families, many sessions from one process.
package MilterClient;

use strict;
use warnings;
use IO::Socket::UNIX;

# Steps an MTA offers: no-reply for header, data, eoh, body; SKIP; leading space.
our $OFFER = 0x1fffff;

sub new {
	my ($class, $path, %o) = @_;
	my $s = IO::Socket::UNIX->new(Peer => $path) or die "connect $path: $!";
	my $self = bless { s => $s, client => $o{client} || '192.0.2.10', %o }, $class;
	$self->packet('O', pack('NNN', 6, 0x1ff, $o{offer} // $OFFER));
	my ($type, $data) = $self->read_packet;
	die "negotiation failed: $type" unless $type eq 'O';
	(undef, $self->{actions}, $self->{steps}) = unpack 'NNN', $data;
	return $self;
}

sub packet {
	my ($self, $type, $data) = @_;
	$data //= '';
	my $out = pack('N', 1 + length $data) . $type . $data;
	local $SIG{PIPE} = 'IGNORE';
	my $s = $self->{s};
	while (length $out) {
		my $n = syswrite $s, $out;
		return 0 unless defined $n;
		substr($out, 0, $n) = '';
	}
	return 1;
}

sub read_bytes {
	my ($self, $want) = @_;
	my $buf = '';
	local $SIG{ALRM} = sub { die "no milter reply in time\n" };
	alarm 15;
	while (length $buf < $want) {
		my $n = sysread $self->{s}, $buf, $want - length $buf, length $buf;
		last unless $n;
	}
	alarm 0;
	return length $buf == $want ? $buf : undef;
}

# (type, data), or () when the filter closed the connection.
sub read_packet {
	my ($self) = @_;
	my $len = $self->read_bytes(4) // return ();
	my $body = $self->read_bytes(unpack 'N', $len) // return ();
	return (substr($body, 0, 1), substr($body, 1));
}

# Macros for a step, then the step; returns its reply as {action, reply, edits}.
sub step {
	my ($self, @step) = @_;
	$self->send_step(@step);
	return $self->answer;
}

sub send_step {
	my ($self, $type, $data, %macros) = @_;
	$self->packet('D', $type . join('', map { "$_\0$macros{$_}\0" } sort keys %macros)) if %macros;
	$self->packet($type, $data);
}

# Reads replies until one that ends the step.
sub answer {
	my ($self) = @_;
	my @edits;
	while (my ($type, $data) = $self->read_packet) {
		if ($type eq 'h' || $type eq 'i' || $type eq 'm') { push @edits, [ $type, $data ]; next }
		next if $type eq 'p';
		if ($type eq 'q') { push @edits, [ 'quarantine', $data ]; next }
		my %name = (c => 'continue', a => 'accept', r => 'reject', t => 'tempfail', d => 'discard', s => 'skip', y => 'reply');
		my %r = (action => $name{$type} || $type, edits => \@edits);
		if ($type eq 'y') { ($r{reply} = $data) =~ s/\0\z//; $r{action} = $r{reply} =~ /^4/ ? 'tempfail' : 'reject' }
		return \%r;
	}
	return { action => 'closed', edits => \@edits };
}

sub connect {
	my ($self, %o) = @_;
	my $family = $o{family} || ($self->{client} =~ /:/ ? '6' : '4');
	my $data = ($o{name} || 'client.example') . "\0$family";
	$data .= pack('n', $o{port} // 4711) . ($o{client} || $self->{client}) . "\0" if $family =~ /[46L]/;
	return $self->quiet(0x00001000, 'C', $data, j => 'mx.postern.test', '{daemon_name}' => 'smtpd',
		'{client_ptr}' => $o{ptr} // 'client.example', '{client_resolve}' => $o{resolve} // 'OK');
}

sub helo { $_[0]->quiet(0x00002000, 'H', ($_[1] // 'client.example') . "\0") }
sub mail { my ($self, $from, %m) = @_; return $self->quiet(0x00004000, 'M', "<$from>\0", %m) }
sub rcpt { my ($self, $to, %m) = @_; return $self->step('R', "<$to>\0", %m) }

# Connection (once) and envelope.
sub begin {
	my ($self, %o) = @_;
	$self->connect(%o), $self->helo($o{helo}) unless $self->{connected}++;
	$self->mail($o{from} // 'ann@client.example');
	my $r;
	$r = $self->rcpt($_, i => 'QUEUE' . ++$self->{messages}) for @{ $o{to} || ['you@postern.test'] };
	return $r;
}

# A step the filter may have asked not to reply to.
sub quiet {
	my ($self, $bit, $type, $data, %macros) = @_;
	return $self->step($type, $data, %macros) unless $self->{steps} & $bit;
	$self->send_step($type, $data, %macros);
	return { action => 'continue' };
}

# Content; returns the verdict of the end of message.
sub finish {
	my ($self, %o) = @_;
	$self->finish_later(%o);
	my $r = $self->answer;
	$r->{action} = 'accept' if $r->{action} eq 'continue';
	return $r;
}

# Content up to the end of message; its reply is not read.
sub finish_later {
	my ($self, %o) = @_;
	my @headers = @{ $o{headers} || [ [ From => 'ann@client.example' ], [ Subject => $o{subject} // 'hello' ] ] };
	$self->quiet(0x00010000, 'T', '');
	my $blank = $self->{steps} & 0x00100000 ? ' ' : '';
	$self->quiet(0x00000080, 'L', "$_->[0]\0$blank$_->[1]\0") for @headers;
	$self->quiet(0x00040000, 'N', '');
	my $body = ($o{text} // '') . "\r\n";
	while (length $body) {
		$self->quiet(0x00080000, 'B', substr($body, 0, 65535, ''));
	}
	$self->send_step('E', '', i => 'QUEUE' . $self->{messages});
}

sub message { my ($self, %o) = @_; $self->begin(%o); return $self->finish(%o) }
sub abort { $_[0]->packet('A', '') }
sub quit { my ($self) = @_; $self->packet('Q', ''); close $self->{s} }

1;

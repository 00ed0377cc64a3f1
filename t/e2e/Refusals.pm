# The ten refusals of doc/replies.md: a posternd that can make each of them, and how
# a sender reaches it through Postfix (XCLIENT) and Sendmail (source addresses).
package Refusals;

use strict;
use warnings;
use FakeDNS;
use JSON::PP ();
use Lab;
use Scenario;
use Socket qw(AF_INET SOCK_DGRAM inet_aton pack_sockaddr_in);
use Test::More;

our $URL = 'https://postmaster.example/r/';

# ---- addresses of our own ----------------------------------------------------------

# A network namespace where 203.0.0.0/16 is on loopback lets Sendmail, which has no
# XCLIENT, see public clients. The program starts itself again inside one.
sub enter_network {
	my (@words) = @_;
	return if $ENV{POSTERN_OWN_NETWORK} || $> != 0;
	return unless system('unshare -n true 2>/dev/null') == 0;
	$ENV{POSTERN_OWN_NETWORK} = 1;
	exec 'unshare', '-n', $^X, $0, @words;
}

sub request { my ($s, $number, $data) = @_; return ioctl $s, $number, $data }

sub address { my ($ip) = @_; return pack_sockaddr_in(0, inet_aton($ip)) }

# True: clients of 203.0.0.0/16 can be had.
sub public_clients {
	return 0 unless $ENV{POSTERN_OWN_NETWORK};
	socket my $s, AF_INET, SOCK_DGRAM, 0 or return 0;
	my ($set_flags, $set_address, $set_mask) = (0x8914, 0x8916, 0x891c);
	request($s, $set_flags, pack('a16 s x22', 'lo', 0x49)) or return 0;
	request($s, $set_address, pack('a16 a16 x8', 'lo:1', address('203.0.0.1'))) or return 0;
	return request($s, $set_mask, pack('a16 a16 x8', 'lo:1', address('255.255.0.0'))) ? 1 : 0;
}

# ---- what the DNS says ----------------------------------------------------------------

# Zones named after what they do. All but the broken ones pass their self-test.
sub zone_answer {
	my ($name, $type, $mode) = @_;
	return { txt => 'v=spf1 ip4:203.0.4.17 -all' } if $name eq 'guarded.example' && $type eq 'TXT';
	my ($subject, $zone) = $name =~ /^(.+)\.(\w+\.test)$/ or return undef;
	my $listed = { a => ['127.0.0.2'], txt => "Spam source, see https://$zone/q" };
	return { silent => 1 } if $zone eq 'dead.test' || $mode eq 'dead';
	return { a => ['127.0.0.2'] } if $zone eq 'everything.test';
	return { a => ['192.0.2.80'] } if $zone eq 'lying.test';
	return { a => ['127.255.255.254'] } if $zone eq 'public.test';
	return { cut => 1, tcp => 'dead' } if $zone eq 'cut.test';
	return { garbage => 1 } if $zone eq 'garbage.test';
	return { rcode => 2 } if $zone eq 'broken.test';
	return undef if $subject =~ /^1\.0\.0\.127$|^invalid$/;
	return { %$listed, cut => 1 } if $zone eq 'long.test' && $subject =~ /^2\.0\.0\.127$|\.5\.0\.203$/;
	return $listed if $subject =~ /^2\.0\.0\.127$|^test$/;
	return { a => ['127.255.255.255'] } if $zone eq 'quota.test';
	return { silent => 1 } if $zone eq 'slow.test' && $subject =~ /\.8\.0\.203$/;
	return { a => ['127.0.0.9'] } if $zone eq 'codes.test' && $subject =~ /\.5\.0\.203$/;
	return $listed if $zone eq 'bl.test' && $subject =~ /\.5\.0\.203$|\.8\.b\.d\.0\.1\.0\.0\.2$/;
	return $listed if $zone eq 'shadowed.test' && $subject =~ /\.6\.0\.203$/;
	return $listed if $zone eq 'white.test' && $subject =~ /^88\.5\.0\.203$/;
	return $listed if $zone eq 'uri.test' && $subject =~ /^(?:www\.)?parrot-sale\.com$/;
	return $listed if $zone eq 'helo.test' && $subject eq 'badhelo.example';
	return $listed if $zone eq 'hop.test' && $subject =~ /\.9\.0\.203$/;
	return $listed if $zone eq 'points.test' && $subject =~ /\.11\.0\.203$/;
	return $listed if $zone eq 'defer.test' && $subject =~ /\.12\.0\.203$/;
	return $listed if $zone eq 'hold.test' && $subject =~ /\.13\.0\.203$/;
	return $listed if $zone eq 'mark.test' && $subject =~ /\.15\.0\.203$/;
	return $listed if $zone eq 'sender.test' && $subject eq 'badsender.example';
	return undef;
}

our @HEALTHY = ('client:bl.test=127.0.0.[2..4]!reject', 'client:codes.test=127.0.0.[2..4]!reject', 'allow:white.test',
	'client:shadowed.test!reject!shadow', 'uri:uri.test!reject', 'sender:sender.test!reject');
our @SICK = map { "client:$_.test!reject" } qw(dead everything lying public cut garbage broken);

# ---- posternd ----------------------------------------------------------------------------

our $LISTS = <<'EOF';
client    203.0.1.0/24      reject by ann note "sold to a spammer"
client    203.0.2.10        allow
client    203.0.2.11        allow
client    203.0.3.0/24      shadow reject
client    203.0.4.10        reject "Not from {client_addr}"
client    203.0.4.11        tempfail
client    203.0.4.12        quarantine
client    203.0.4.13        tag
client    203.0.4.14        discard
client    203.0.4.15        score 20
client    203.0.4.16        reject until 2020-01-01
helo      liar.example      reject
sender    blocked.example   reject
sender    bob@mixed.example reject
sender    guarded.example   reject unless spf-pass
recipient old@postern.test  reject
recipient later@postern.test tempfail
from      phish.example     reject
EOF

sub start {
	my ($lab, %settings) = @_;
	my $rules = Scenario::write_rules($lab);
	my $dns = FakeDNS->start($lab, \&zone_answer);
	$lab->write_file("$lab->{dir}/lists.access", $LISTS);
	chmod 0644, "$lab->{dir}/lists.access";
	$lab->start_posternd(
		rules => $rules, access => "$lab->{dir}/lists.access",
		local_domains => 'postern.test', relay_domains => 'relay.test',
		relay_only => '203.0.14.0/24=partner.test', trusted_networks => '10.99.99.0/24',
		trap_recipients => 'trap@postern.test', reply_url => $URL,
		dns_servers => "127.0.0.1:$dns->{port}", dns_timeout => '250ms', dns_budget => '600ms',
		dnsbl => join(', ', @HEALTHY), spf => 'yes', %settings);
	return $dns;
}

# ---- a sender -------------------------------------------------------------------------------

# A session from the address, as this MTA can show it one.
sub client {
	my ($kind, $port, $ip, %o) = @_;
	my $helo = $o{helo} || 'client.example';
	my $c = Lab::SMTP->new($port, $kind eq 'sendmail' ? (from => $ip) : ());
	$c->cmd("EHLO $helo");
	return $c if $kind eq 'sendmail';
	my $address = $ip =~ /:/ ? "IPV6:$ip" : $ip;
	my $name = $o{name} || '[UNAVAILABLE]';
	$c->cmd("XCLIENT ADDR=$address NAME=$name") =~ /^220/ or die 'XCLIENT';
	$c->cmd("EHLO $helo");
	return $c;
}

# The whole refusal, nothing before and nothing behind.
sub exactly {
	my ($text, $code) = @_;
	$code ||= '554 5.7.1';
	return qr/^\Q$code $text\E $Scenario::REF \Q$URL\E[0-9A-Z]{9}$/;
}

sub ref_of { my ($reply) = @_; return ($reply =~ /[\[ ]ref[ =](\S+?)\]?(?:\s|$)/)[0] }

# The decision record behind a reference.
sub record {
	my ($lab, $ref) = @_;
	return {} unless defined $ref;
	my $record;
	$lab->wait_for("record $ref", 10, sub {
		my ($rc, $out) = $lab->postern('why', '--json', $ref);
		$record = $rc == 0 && eval { JSON::PP->new->decode($out) };
	});
	$record = $record->{record} if ref $record->{record} eq 'HASH';
	return $record;
}

1;

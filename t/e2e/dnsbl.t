#!/usr/bin/perl
# DNS lists as the daemon asks them: what each kind is asked about, what each action
# does, sick lists, and real servers: rbldnsd, and unbound in front of it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use JSON::PP ();
use Lab;
use FakeDNS;
use MilterClient;
use Refusals;
use Scenario;
use Test::More;

my $ANN = 'ann@client.example';

sub ask {
	my ($lab, $ip, %o) = @_;
	my $m = MilterClient->new("$lab->{dir}/run/milter.sock", client => $ip);
	my $at_rcpt = $m->begin(%o);
	my $r = $at_rcpt->{action} eq 'continue' ? $m->finish(%o) : $at_rcpt;
	$m->quit;
	$r->{early} = $at_rcpt->{action} ne 'continue';
	return $r;
}

sub zones {
	my ($lab) = @_;
	my (undef, $out) = $lab->postern('dnsbl', '--json');
	my $list = eval { JSON::PP->new->decode($out) };
	$list = $list->{zones} if ref $list eq 'HASH';
	return { map { $_->{zone} => $_ } @{ $list || [] } };
}

sub settled {
	my ($lab) = @_;
	my $zones;
	$lab->wait_for('self-tests', 30, sub { $zones = zones($lab); %$zones && !grep { $_->{health} eq 'untested' } values %$zones });
	return $zones;
}

sub asked { my ($dns, $pattern) = @_; return scalar grep { $_ =~ $pattern } $dns->questions }

# ---- kinds and actions -----------------------------------------------------------------

{
	my $lab = Lab->new;
	my $dns = Refusals::start($lab, dnsbl => join(', ', @Refusals::HEALTHY, 'helo:helo.test!reject',
		'received:hop.test!reject', 'client:points.test*4.5', 'client:defer.test!tempfail', 'client:hold.test!quarantine',
		'client:mark.test!tag', 'client:long.test!reject', 'client:slow.test!reject'));
	my $zones = settled($lab);
	is_deeply [ map { "$_ $zones->{$_}{health}" } grep { $zones->{$_}{health} ne 'good' } sort keys %$zones ], [], 'every zone passes its self-test';
	is $zones->{'hold.test'}{kind}, 'client', 'postern dnsbl: the kind';

	my $r = ask($lab, '203.0.5.7');
	like $r->{reply}, qr/^554 5\.7\.1 Service unavailable; Client host \[203\.0\.5\.7\] blocked using bl\.test; Spam source/, 'the client, refused at RCPT';
	$r = ask($lab, '203.0.5.88');
	is $r->{action}, 'accept', 'an allow list excuses';
	$r = ask($lab, '203.0.10.1');
	is $r->{action}, 'accept', 'a client on no list';
	my $before = asked($dns, qr/^A 1\.10\.0\.203\.bl\.test$/);
	ask($lab, '203.0.10.1') for 1 .. 5;
	is asked($dns, qr/^A 1\.10\.0\.203\.bl\.test$/), $before, 'asked once for the time to live';
	is asked($dns, qr/^A 1\.5\.0\.203\.uri\.test/), 0, 'a list of names is not asked about clients';

	# The admin asks the same lists without the daemon, and nothing is counted.
	my @check = ('check', '--json', '--rules', "$lab->{dir}/rules", '--ask', '--rcpt', 'you@postern.test', '--from', 'x@guarded.example', '--client');
	my ($rc, $out) = $lab->postern(@check, '203.0.5.7');
	is $rc, 1, 'check --ask: a listed client is refused';
	like $out, qr/"gate":"client_dnsbl","reasons":\[\{"standing":"also","action":"reject","class":"dnsbl","name":"bl\.test"/, 'check --ask: by the list';
	($rc, $out) = $lab->postern(@check, '203.0.4.17');
	is $rc, 0, 'check --ask: SPF passed' or diag $out;
	($rc, $out) = $lab->postern(@check, '203.0.10.77');
	like $out, qr/"gate":"sender","reasons":\[\{"standing":"decided"/, 'check --ask: SPF failed, the guarded sender is refused';

	$r = ask($lab, '2001:db8::7');
	like $r->{reply}, qr/Client host \[2001:db8::7\] blocked using bl\.test/, 'IPv6, by nibbles';
	my $nibbles = join '.', reverse split //, '20010db8000000000000000000000007';
	is asked($dns, qr/^A \Q$nibbles\E\.bl\.test$/), 1, 'all 32 of them';

	$r = ask($lab, '203.0.10.2', helo => 'badhelo.example');
	like $r->{reply}, qr/^554 5\.7\.1 Message refused by DNSBL check/, 'HELO name';
	ok !$r->{early}, 'at the end of the message';
	$r = ask($lab, '203.0.10.2', from => 'x@badsender.example');
	like $r->{reply}, qr/^554 5\.7\.1 Message refused by DNSBL check/, 'sender domain';
	$r = ask($lab, '203.0.10.2', text => 'see http://www.parrot-sale.com/a');
	like $r->{reply}, qr/^554 5\.7\.1 Message refused by DNSBL check/, 'link, host';
	$r = ask($lab, '203.0.10.2', text => 'see http://deep.below.parrot-sale.com/a');
	like $r->{reply}, qr/^554 5\.7\.1 Message refused by DNSBL check/, 'link, registered domain';
	is asked($dns, qr/^A deep\.below\.parrot-sale\.com\.uri\.test$/), 1, 'the host itself was asked about, too';
	$r = ask($lab, '203.0.10.2', headers => [
		[ Received => "from a.example (a.example [203.0.10.2])\n\tby mx.postern.test with ESMTP id 1; Mon, 25 Mar 2024 10:00:00 +0000" ],
		[ Received => "from b.example (b.example [203.0.9.9])\n\tby a.example with ESMTP id 2; Mon, 25 Mar 2024 09:00:00 +0000" ],
		[ From => $ANN ] ]);
	like $r->{reply} // $r->{action}, qr/^554 5\.7\.1 Message refused by DNSBL check/, 'an untrusted hop';

	$r = ask($lab, '203.0.11.1');
	my ($score) = map { $_->[1] =~ /([\d.]+)\0\z/ } grep { $_->[1] =~ /X-Spam-Score/ } @{ $r->{edits} };
	is $score, '4.500', 'points are added to the score';
	$r = ask($lab, '203.0.12.1');
	like $r->{reply}, qr/^451 4\.7\.1 Service unavailable; Client host \[203\.0\.12\.1\] blocked using defer\.test/, 'tempfail';
	$r = ask($lab, '203.0.13.1');
	ok scalar(grep { $_->[0] eq 'quarantine' } @{ $r->{edits} }), 'quarantine';
	$r = ask($lab, '203.0.15.1');
	ok scalar(grep { $_->[1] =~ /X-Spam-Flag\0 ?YES/ } @{ $r->{edits} }), 'tag';
	$r = ask($lab, '203.0.6.6');
	is $r->{action}, 'accept', 'shadow refuses nobody';

	cmp_ok asked($dns, qr/^TCP A 2\.0\.0\.127\.long\.test$/), '>=', 1, 'a truncated answer is asked for again on TCP';
	$r = ask($lab, '203.0.8.1');
	is $r->{action}, 'accept', 'a slow list holds up nobody for long';
	cmp_ok zones($lab)->{'slow.test'}{failed}, '>', 0, 'postern dnsbl: counts it';
	is zones($lab)->{'bl.test'}{health}, 'good', 'others are not blamed';

	# Dead of a sudden: every list is set aside, mail passes.
	$dns->mode('dead');
	my $n = 0;
	$lab->wait_for('lists to be set aside', 60, sub {
		ask($lab, '203.0.30.' . ++$n);
		zones($lab)->{'bl.test'}{health} eq 'set aside';
	});
	is zones($lab)->{'bl.test'}{why}, 'does not answer in time', 'postern dnsbl: why';
	is ask($lab, '203.0.5.9')->{action}, 'accept', 'and nobody waits for it';
	is scalar(my @lines = $lab->log =~ /dnsbl zone=bl\.test health=set-aside/g), 1, 'one line in the log';
	ok $lab->alive('posternd'), 'posternd is still there';
}

# ---- sick from the start -----------------------------------------------------------------

{
	my $lab = Lab->new;
	my $dns = Refusals::start($lab, dnsbl => join(', ', @Refusals::SICK));
	my $zones = settled($lab);
	my %why = (everything => qr/lists everything/, lying => qr{outside 127/8}, public => qr/public resolver/,
		dead => qr/does not answer/, cut => qr/does not answer/, garbage => qr/does not answer/, broken => qr/does not answer/);
	for my $zone (sort keys %why) {
		is $zones->{"$zone.test"}{health}, 'set aside', "$zone.test is set aside";
		like $zones->{"$zone.test"}{why}, $why{$zone}, "$zone.test: why";
		is scalar(my @lines = $lab->log =~ /dnsbl zone=\Q$zone\E\.test /g), 1, "$zone.test: one line in the log";
	}
	is ask($lab, '203.0.5.7')->{action}, 'accept', 'none of them lists anybody';
	my (undef, $text) = $lab->postern('dnsbl');
	like $text, qr/^client +public\.test +set aside +reject; asked 0, listed 0, failed 0\n +error 127\.255\.255\.254.*public resolver$/m, 'postern dnsbl, for people';
}

# ---- other lists and another resolver by a reload ----------------------------------------------

{
	my $lab = Lab->new;
	my $dns = Refusals::start($lab, dnsbl => '', spf => 'no');
	my $other = FakeDNS->start($lab, sub { my ($name) = @_; return $name =~ /^(?:2\.0\.0\.127|9\.10\.0\.203)\.bl\.test$/ ? { a => ['127.0.0.2'], txt => 'Another' } : undef });
	my $conf = $lab->slurp("$lab->{dir}/postern.conf");
	my $reload = sub {
		my (%o) = @_;
		(my $text = $conf) =~ s/^(?:dnsbl|dns_servers|spf) = .*\n//mg;
		$lab->write_file("$lab->{dir}/postern.conf", $text . join '', map { "$_ = $o{$_}\n" } sort keys %o);
		return $lab->postern('reload');
	};
	my ($first, $second) = map { "127.0.0.1:$_->{port}" } $dns, $other;
	my $bl = 'client:bl.test=127.0.0.[2..4]!reject';
	is ask($lab, '203.0.5.7')->{action}, 'accept', 'no list is set';
	is_deeply zones($lab), {}, 'postern dnsbl: none';
	my ($rc, $out) = $reload->(dnsbl => $bl, dns_servers => $first);
	is $rc, 0, 'reload' or diag $out;
	unlike $out, qr/next start/, 'nothing has to wait';
	is zones($lab)->{'bl.test'}{health}, 'good', 'a list that came with a reload is tested';
	like ask($lab, '203.0.5.7')->{reply}, qr/blocked using bl\.test; Spam source/, 'and refuses';
	# Under way with the old resolver, further messages of a connection with the new.
	my $m = MilterClient->new("$lab->{dir}/run/milter.sock", client => '203.0.5.8');
	$m->connect;
	$m->helo;
	$m->{connected} = 1;
	is +($reload->(dnsbl => $bl, dns_servers => $second))[0], 0, 'reload with another resolver';
	like $m->begin->{reply}, qr/blocked using bl\.test; Spam source/, 'a connection goes on with what it asked';
	$m->quit;
	is ask($lab, '203.0.5.7')->{action}, 'accept', 'the new one does not know the client';
	like ask($lab, '203.0.10.9')->{reply}, qr/blocked using bl\.test; Another/, 'but another';
	my $asked = zones($lab)->{'bl.test'}{asked};
	is +($reload->(dnsbl => $bl, dns_servers => $second))[0], 0, 'a reload that changes nothing of it';
	is zones($lab)->{'bl.test'}{asked}, $asked, 'goes on with the same lists';
	($rc, $out) = $reload->(dnsbl => $bl, dns_servers => 'no address');
	isnt $rc, 0, 'a resolver that cannot be';
	like $out, qr/postern\.conf:\d+: error: dns_servers: /, 'says where';
	like ask($lab, '203.0.10.9')->{reply}, qr/Another/, 'and the old one stays';
	is +($reload->(spf => 'yes', dns_servers => $first))[0], 0, 'reload with SPF and no list';
	is_deeply zones($lab), {}, 'the lists are gone';
	is ask($lab, '203.0.10.9')->{action}, 'accept', 'and refuse nobody';
	my $r = ask($lab, '203.0.10.9', from => 'x@guarded.example');
	like $r->{reply} // $r->{action}, qr/^55[04] /, 'SPF is asked for: it failed for the guarded sender';
	ok $lab->alive('posternd'), 'posternd is still there';
}

# ---- late, and the setting for it ------------------------------------------------------------

{
	my $lab = Lab->new;
	my $dns = Refusals::start($lab, dnsbl => 'client:slow.test!reject', dns_late_action => 'tempfail');
	settled($lab);
	my $r = ask($lab, '203.0.8.1');
	like $r->{reply}, qr/^451 4\.4\.3 /, 'dns_late_action = tempfail: not sure is 4xx';
	is ask($lab, '203.0.10.1')->{action}, 'accept', 'and nothing to one that was answered';
}

# ---- real servers -----------------------------------------------------------------------------

sub start_rbldnsd {
	my ($lab) = @_;
	my $port = Lab::free_port();
	my $dir = "$lab->{dir}/rbl";
	mkdir $dir;
	$lab->write_file("$dir/clients", ":127.0.0.2:Listed, see https://rbl.test/\$\n127.0.0.2\n203.0.113.0/24\n");
	$lab->write_file("$dir/clients6", ":2:Listed\n127.0.0.2\n");
	$lab->write_file("$dir/names", ":127.0.0.2:Bad name \$\ntest\n.parrot-sale.com\n");
	chmod 0755, $dir;
	chmod 0644, glob "$dir/*";
	$lab->spawn('rbldnsd', 'rbldnsd', '-n', '-u', 'nobody', '-b', "127.0.0.1/$port", '-w', $dir,
		'ip.rbl.test:ip4set:clients', 'name.rbl.test:dnset:names');
	return $port;
}

# A resolver in front of it, with one answer too long for UDP.
sub start_unbound {
	my ($lab, $rbl) = @_;
	my $port = Lab::free_port();
	my $many = join '', map { my $n = $_; map { "  local-data: \"$_.long.test. 300 A 127.0.0.$n\"\n" } '2.0.0.127', '7.113.0.203' } 2 .. 60;
	$lab->write_file("$lab->{dir}/unbound.conf", <<"EOF");
server:
  interface: 127.0.0.1\@$port
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "$lab->{dir}"
  pidfile: ""
  use-syslog: no
  module-config: "iterator"
  do-not-query-localhost: no
  access-control: 127.0.0.0/8 allow
  local-zone: "test." nodefault
  local-zone: "long.test." static
$many
forward-zone:
  name: "rbl.test."
  forward-addr: 127.0.0.1\@$rbl
remote-control:
  control-enable: no
EOF
	$lab->spawn('unbound', 'unbound', '-d', '-c', "$lab->{dir}/unbound.conf");
	$lab->wait_for('unbound: ' . $lab->slurp("$lab->{dir}/unbound.log"), 20, sub {
		my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or return 0;
		close $s;
		return 1;
	});
	return $port;
}

sub real_lists {
	my ($lab, $port, $what, @more) = @_;
	$lab->start_posternd(rules => Scenario::write_rules($lab), dns_servers => "127.0.0.1:$port",
		dnsbl => join(', ', 'client:ip.rbl.test!reject', 'uri:name.rbl.test!reject', @more));
	my $zones = settled($lab);
	is $_->{health}, 'good', "$what: $_->{zone} passes its self-test ($_->{why})" for map { $zones->{$_} } sort keys %$zones;
	like ask($lab, '203.0.113.7')->{reply} // '', qr/blocked using ip\.rbl\.test; Listed, see https:\/\/rbl\.test\/203\.0\.113\.7 /, "$what: a client is listed, with its text";
	is ask($lab, '203.0.112.7')->{action}, 'accept', "$what: its neighbour is not";
	like ask($lab, '203.0.112.7', text => 'http://www.parrot-sale.com/')->{reply} // '', qr/Message refused by DNSBL check/, "$what: a link is listed";
}

SKIP: {
	skip 'no rbldnsd here', 1 unless Lab::has_command('rbldnsd') && $> == 0;
	my $lab = Lab->new;
	real_lists($lab, start_rbldnsd($lab), 'rbldnsd');
	$lab->stop('rbldnsd', 'KILL');
	is ask($lab, '203.0.113.99')->{action}, 'accept', 'rbldnsd killed: mail passes';
}
SKIP: {
	skip 'no unbound here', 1 unless Lab::has_command('unbound') && Lab::has_command('rbldnsd') && $> == 0;
	my $lab = Lab->new;
	real_lists($lab, start_unbound($lab, start_rbldnsd($lab)), 'unbound', 'client:long.test!reject');
	is zones($lab)->{'long.test'}{listed}, 1, 'unbound: an answer of 59 records comes by TCP and lists';
	$lab->stop('rbldnsd', 'KILL');
	is ask($lab, '203.0.113.99')->{action}, 'accept', 'rbldnsd killed behind it: mail passes';
}
done_testing;
